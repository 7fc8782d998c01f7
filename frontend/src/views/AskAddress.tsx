import { type ReactElement, use } from 'react';

import { AddressForm } from '../AddressForm';
import { Frame } from '../Frame';
import { Product } from '../product';
import type { Note } from '../view';

const NOTES: Record<Note, string> = {
  'signed-out': 'You are signed out.',
  'signed-out-everywhere': 'You are signed out here and in every other browser.',
  'session-ended': 'Your session has ended. Sign in again to go on.',
};

interface Props {
  note: Note | undefined;
  /** Filled in to begin with. */
  email: string | undefined;
  onSubmit: (email: string) => Promise<void>;
}

export function AskAddress({ note, email, onSubmit }: Props): ReactElement {
  const product = use(Product);
  const lead = (
    <>
      {note && <p className="note">{NOTES[note]}</p>}
      <p>Enter your email address and get a link that signs you in. There is no password.</p>
    </>
  );
  return (
    <Frame name="ask-address" title={`Sign in to ${product}`} lead={lead}>
      <AddressForm action="Send me a link" email={email} autoFocus={note === undefined} onSubmit={onSubmit} />
    </Frame>
  );
}
