import type { ReactElement } from 'react';

import { Frame } from '../Frame';

interface Props {
  /** Who is signed in now. */
  email: string;
  onStay: () => void;
  onUseLink: () => void;
}

export function OtherSession({ email, onStay, onUseLink }: Props): ReactElement {
  const lead = (
    <p>
      This browser is signed in as <strong>{email}</strong>. The link may be for someone else, so nothing was done with
      it yet.
    </p>
  );
  return (
    <Frame name="other-session" title="You are already signed in" lead={lead}>
      <div className="actions">
        <button id="stay" type="button" className="primary" onClick={onStay}>
          Stay signed in
        </button>
        <button id="use-link" type="button" onClick={onUseLink}>
          Sign out and use the link
        </button>
      </div>
    </Frame>
  );
}
