import { type ReactElement, useState } from 'react';

import type { LinkFault } from '../arrival';
import { CodeForm } from '../CodeForm';
import { Frame } from '../Frame';
import { NewLink } from '../NewLink';

const TITLES: Record<LinkFault, string> = {
  incomplete: 'The link is incomplete',
  damaged: 'The link is damaged',
};

const REASONS: Record<LinkFault, string> = {
  incomplete: 'Its last part, the one that signs you in, did not arrive: some mail programs cut it off.',
  damaged: 'Something on the way changed its last part, the one that signs you in.',
};

interface Props {
  fault: LinkFault;
  /** The address this browser asked for, where it did. */
  email: string | null;
  onSubmitCode: (email: string, code: string) => Promise<void>;
  onRequestLink: (email: string) => Promise<void>;
  onAskAddress: () => void;
}

export function LinkUnreadable({ fault, email, onSubmitCode, onRequestLink, onAskAddress }: Props): ReactElement {
  // Where no address is known, a code that failed has told one.
  const [known, setKnown] = useState(email);

  const submitCode = (address: string, code: string): Promise<void> =>
    onSubmitCode(address, code).finally(() => { setKnown(address); });

  const lead = (
    <p>
      {REASONS[fault]}{' '}
      {email === null ? (
        'Type the code from the mail instead, or get a new mail.'
      ) : (
        <>
          Type the code from the mail to <strong>{email}</strong> instead, or get a new mail.
        </>
      )}
    </p>
  );
  return (
    <Frame name="link-unreadable" title={TITLES[fault]} lead={lead}>
      <CodeForm email={email} onSubmit={submitCode} />
      <NewLink email={known} onRequestLink={onRequestLink}>
        <button id="other-address" type="button" onClick={onAskAddress}>
          {known === null ? 'Get a new mail' : 'Use another address'}
        </button>
      </NewLink>
    </Frame>
  );
}
