import { type ReactElement, useCallback, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';

import type { Flow } from './flow';
import { watchSession } from './session';
import type { View } from './view';
import { AskAddress } from './views/AskAddress';
import { CheckMail } from './views/CheckMail';
import { ConfirmAddress } from './views/ConfirmAddress';
import { LinkRefused } from './views/LinkRefused';
import { LinkUnreadable } from './views/LinkUnreadable';
import { OtherSession } from './views/OtherSession';
import { SignedIn } from './views/SignedIn';
import { TestLink } from './views/TestLink';
import { Trouble } from './views/Trouble';
import { Working } from './views/Working';

/** Here the person has nothing to lose when the mail's link signs them in elsewhere. */
const AWAIT_SESSION = new Set<View['kind']>([
  'ask-address',
  'check-mail',
  'test-link',
  'link-unreadable',
  'link-refused',
]);

interface Props {
  flow: Flow;
  /** The first view: begun outside, because a link must be used once and React may mount twice. */
  first: Promise<View>;
}

export function App({ flow, first }: Props): ReactElement {
  const [view, show] = useState<View>({ kind: 'working', doing: 'One moment' });

  const go = useCallback((next: Promise<View>, doing: string) => {
    show({ kind: 'working', doing });
    void next.then(show);
  }, []);

  useEffect(() => {
    void first.then(show);
  }, [first]);

  // The link opens in another tab: there the person signs in, and this one follows.
  useEffect(
    () =>
      watchSession((now) => {
        if (now === 'begun' && AWAIT_SESSION.has(view.kind)) {
          go(flow.enter(), 'Signing you in');
        }
        if (now === 'ended' && view.kind === 'signed-in') show({ kind: 'ask-address', note: 'signed-out' });
      }),
    [flow, go, view.kind],
  );

  const requestLink = async (email: string): Promise<void> => {
    const next = await flow.requestLink(email);
    // Whoever has left the view meanwhile is not called back.
    show((now) => (now === view ? next : now));
  };
  const signInWithCode = async (email: string, code: string): Promise<void> => {
    show(await flow.signInWithCode(email, code));
  };

  switch (view.kind) {
    case 'working':
      return <Working doing={view.doing} />;
    case 'ask-address':
      return <AskAddress note={view.note} email={view.email} onSubmit={requestLink} />;
    case 'check-mail':
      return (
        <CheckMail
          email={view.email}
          mail={flow.config.mail}
          pauseSeconds={flow.config.mailPauseSeconds}
          onSubmitCode={signInWithCode}
          onSendAgain={() => requestLink(view.email)}
          onOtherAddress={() => { show({ kind: 'ask-address' }); }}
        />
      );
    case 'test-link':
      return (
        <TestLink
          email={view.email}
          link={view.link}
          onLeave={() => { flushSync(() => { show({ kind: 'ask-address', email: view.email }); }); }}
          onOtherAddress={() => { show({ kind: 'ask-address' }); }}
        />
      );
    case 'confirm-address':
      return (
        <ConfirmAddress
          email={view.email}
          onSubmit={(email) => { go(flow.followLink(view.secret, email), 'Signing you in'); }}
        />
      );
    case 'other-session':
      return (
        <OtherSession
          email={view.email}
          link={view.link}
          onStay={() => { go(flow.enter(), 'One moment'); }}
          onUseLink={() => { go(flow.switchToLink(view.link), 'Signing you in'); }}
        />
      );
    case 'link-unreadable':
      return (
        <LinkUnreadable
          fault={view.fault}
          email={view.email}
          onSubmitCode={signInWithCode}
          onRequestLink={requestLink}
          onAskAddress={() => { show({ kind: 'ask-address' }); }}
        />
      );
    case 'link-refused':
      return (
        <LinkRefused
          email={view.email}
          onSubmitCode={signInWithCode}
          onRequestLink={requestLink}
          onOtherAddress={() => { show({ kind: 'confirm-address', secret: view.secret, email: view.email }); }}
        />
      );
    case 'signed-in':
      return (
        <SignedIn
          me={view.me}
          onSignOut={() => { go(flow.signOut(), 'Signing you out'); }}
          onSignOutEverywhere={async () => { show(await flow.signOutEverywhere()); }}
        />
      );
    case 'trouble':
      return <Trouble problem={view.problem} onRetry={() => { go(view.again(), 'Trying again'); }} />;
  }
}
