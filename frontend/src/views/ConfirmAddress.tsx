import type { ReactElement } from 'react';

import { AddressForm } from '../AddressForm';
import { Frame } from '../Frame';

interface Props {
  /** The address that was tried before, to be corrected. */
  email: string | undefined;
  onSubmit: (email: string) => void;
}

export function ConfirmAddress({ email, onSubmit }: Props): ReactElement {
  const lead = (
    <p>
      This browser did not ask for the link, so it has to know whose it is. Enter the address that the mail came to, and
      you are in.
    </p>
  );
  return (
    <Frame name="confirm-address" title="Confirm your address" lead={lead}>
      <AddressForm action="Sign in" email={email} onSubmit={onSubmit} />
    </Frame>
  );
}
