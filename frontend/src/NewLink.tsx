import type { ReactElement, ReactNode } from 'react';

import { ProblemNote } from './ProblemNote';
import { useTask } from './useTask';

interface Props {
  /** Null: this browser knows no address to send to. */
  email: string | null;
  onRequestLink: (email: string) => Promise<void>;
  /** The other way on. */
  children: ReactNode;
}

/** Offers a new mail in place of one that did not help: in one click where the address is known. */
export function NewLink({ email, onRequestLink, children }: Props): ReactElement {
  const { busy, problem, run } = useTask();
  return (
    <>
      <div className="actions">
        {email !== null && (
          <button
            id="new-link"
            type="button"
            aria-disabled={busy}
            onClick={() => { run(() => onRequestLink(email)); }}
          >
            Send me a new mail
          </button>
        )}
        {children}
      </div>
      <ProblemNote problem={problem} />
    </>
  );
}
