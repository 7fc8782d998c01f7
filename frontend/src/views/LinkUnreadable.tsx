import type { ReactElement } from 'react';

import type { LinkFault } from '../arrival';
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
  onRequestLink: (email: string) => Promise<void>;
  onAskAddress: () => void;
}

export function LinkUnreadable({ fault, email, onRequestLink, onAskAddress }: Props): ReactElement {
  const lead = (
    <p>
      {REASONS[fault]}{' '}
      {email === null ? (
        'Copy the whole link from the mail into the address bar, or get a new one.'
      ) : (
        <>
          Copy the whole link from the mail into the address bar, or have a new one sent to <strong>{email}</strong>.
        </>
      )}
    </p>
  );
  return (
    <Frame name="link-unreadable" title={TITLES[fault]} lead={lead}>
      <NewLink email={email} onRequestLink={onRequestLink}>
        <button id="other-address" type="button" className={email === null ? 'primary' : undefined} onClick={onAskAddress}>
          {email === null ? 'Get a new link' : 'Use another address'}
        </button>
      </NewLink>
    </Frame>
  );
}
