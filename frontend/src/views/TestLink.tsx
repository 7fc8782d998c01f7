import { type ReactElement, use, useEffect } from 'react';

import { Frame } from '../Frame';
import { Product } from '../product';

interface Props {
  email: string;
  /** The link itself: it signs in, so it stands on the page no longer than this view. */
  link: string;
  /** The page is left, by the link or otherwise. */
  onLeave: () => void;
  onOtherAddress: () => void;
}

/** In place of the mail, which a test user does not get. */
export function TestLink({ email, link, onLeave, onOtherAddress }: Props): ReactElement {
  const product = use(Product);

  // The browser may keep the page as it is, to show it again when the person goes back.
  useEffect(() => {
    addEventListener('pagehide', onLeave);
    return () => { removeEventListener('pagehide', onLeave); };
  }, [onLeave]);

  const lead = (
    <p>
      It signs in <strong>{email}</strong>.
    </p>
  );
  return (
    <Frame name="test-link" title="Here is your link" lead={lead}>
      <div className="note">
        <p>
          <strong>Test user:</strong> no mail is sent. Here is the link that would be in it:
        </p>
        <a id="test-link" className="primary" href={link}>
          Sign in to {product}
        </a>
      </div>
      <div className="actions">
        <button id="other-address" type="button" onClick={onOtherAddress}>
          Use another address
        </button>
      </div>
    </Frame>
  );
}
