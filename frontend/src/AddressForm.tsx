import { type ReactElement, type SubmitEvent, useRef, useState } from 'react';

import { normalise } from './address';
import { AddressField } from './AddressField';
import { Problem } from './problem';
import { useTask } from './useTask';

interface Props {
  action: string;
  email?: string | undefined;
  autoFocus?: boolean;
  onSubmit: (email: string) => Promise<void> | void;
}

/** One address and one button. The browser judges the address first, the server again. */
export function AddressForm({ action, email, autoFocus = false, onSubmit }: Props): ReactElement {
  const input = useRef<HTMLInputElement>(null);
  const [typo, setTypo] = useState<Problem | null>(null);
  const { busy, problem, run } = useTask();

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const field = input.current;
    if (!field) return;
    if (!field.validity.valid) {
      setTypo(new Problem('not-an-address', 'the browser refused the address'));
      field.focus();
      return;
    }
    const address = normalise(field.value);
    run(async () => { await onSubmit(address); });
  };

  return (
    <form noValidate onSubmit={submit} aria-busy={busy}>
      <AddressField
        email={email}
        autoFocus={autoFocus}
        problem={typo ?? problem}
        ref={input}
        onChange={() => { setTypo(null); }}
      />
      <button id="submit" type="submit" className="primary" aria-disabled={busy}>
        {action}
      </button>
    </form>
  );
}
