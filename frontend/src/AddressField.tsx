import type { ReactElement, RefObject } from 'react';

import type { Problem } from './problem';
import { ProblemNote } from './ProblemNote';

interface Props {
  /** Filled in to begin with. */
  email?: string | undefined;
  autoFocus?: boolean;
  problem: Problem | null;
  ref: RefObject<HTMLInputElement | null>;
  onChange: () => void;
}

export function AddressField({ email, autoFocus = false, problem, ref, onChange }: Props): ReactElement {
  return (
    <>
      <label htmlFor="email">Email address</label>
      <input
        id="email"
        name="email"
        type="email"
        autoComplete="email"
        inputMode="email"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={254}
        placeholder="name@example.com"
        defaultValue={email}
        autoFocus={autoFocus}
        ref={ref}
        onChange={onChange}
        aria-invalid={problem?.kind === 'not-an-address'}
        aria-describedby="email-problem"
      />
      <div id="email-problem" className="field-problem">
        <ProblemNote problem={problem} />
      </div>
    </>
  );
}
