import type { ReactElement } from 'react';

import type { LinkArrival } from '../arrival';
import { Frame } from '../Frame';

interface Props {
  /** Who is signed in now. */
  email: string;
  link: LinkArrival;
  onStay: () => void;
  onUseLink: () => void;
}

export function OtherSession({ email, link, onStay, onUseLink }: Props): ReactElement {
  const lead = (
    <p>
      This browser is signed in as <strong>{email}</strong>.{' '}
      {link.kind === 'link'
        ? 'The link may be for someone else, so nothing was done with it yet.'
        : `The link is ${link.fault}, and it may be for someone else.`}
    </p>
  );
  return (
    <Frame name="other-session" title="You are already signed in" lead={lead}>
      <div className="actions">
        <button id="stay" type="button" className="primary" onClick={onStay}>
          Stay signed in
        </button>
        <button id="use-link" type="button" onClick={onUseLink}>
          {link.kind === 'link' ? 'Sign out and use the link' : 'Sign out and use the code'}
        </button>
      </div>
    </Frame>
  );
}
