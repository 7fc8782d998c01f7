import type { ReactElement } from 'react';

import { CodeForm } from '../CodeForm';
import { Frame } from '../Frame';
import { NewLink } from '../NewLink';

interface Props {
  /** The address that the link was tried with. */
  email: string;
  onSubmitCode: (email: string, code: string) => Promise<void>;
  onRequestLink: (email: string) => Promise<void>;
  onOtherAddress: () => void;
}

export function LinkRefused({ email, onSubmitCode, onRequestLink, onOtherAddress }: Props): ReactElement {
  const lead = (
    <p>
      It has expired, was already used, or was made for another address than <strong>{email}</strong>. The code in
      the same mail may still work.
    </p>
  );
  return (
    <Frame name="link-refused" title="The link did not work" lead={lead}>
      <CodeForm email={email} onSubmit={onSubmitCode} />
      <NewLink email={email} onRequestLink={onRequestLink}>
        <button id="other-address" type="button" onClick={onOtherAddress}>
          Try another address
        </button>
      </NewLink>
    </Frame>
  );
}
