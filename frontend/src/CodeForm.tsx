import { type ReactElement, type SubmitEvent, useEffect, useRef } from 'react';

import { normalise } from './address';
import { AddressField } from './AddressField';
import { readCode } from './code';
import { Problem } from './problem';
import { ProblemNote } from './ProblemNote';
import { useTask } from './useTask';

interface Props {
  /** The address that the mail went to; null: nobody knows, so the form asks for it. */
  email: string | null;
  onSubmit: (email: string, code: string) => Promise<void>;
}

/** Signs in with the code. What was typed stays for another try, whatever becomes of this one. */
export function CodeForm({ email, onSubmit }: Props): ReactElement {
  const addressInput = useRef<HTMLInputElement>(null);
  const codeInput = useRef<HTMLInputElement>(null);
  const { busy, problem, run, dismiss } = useTask();

  const wrongAddress = problem?.kind === 'not-an-address';
  const wrongCode = problem?.kind === 'not-a-code' || problem?.kind === 'code-refused';

  // To where the person mends it. A code that was refused is typed anew, so the old one stands selected.
  useEffect(() => {
    if (wrongAddress) addressInput.current?.focus();
    if (wrongCode) codeInput.current?.focus();
    if (problem?.kind === 'code-refused') codeInput.current?.select();
  }, [problem, wrongAddress, wrongCode]);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    run(async () => {
      const address = email ?? addressIn(addressInput.current);
      const code = readCode(codeInput.current?.value ?? '');
      if (code === null) throw new Problem('not-a-code', 'these are not eight digits');
      await onSubmit(address, code);
    });
  };

  return (
    <form noValidate onSubmit={submit} aria-busy={busy}>
      {email === null && (
        <AddressField problem={wrongAddress ? problem : null} ref={addressInput} onChange={dismiss} />
      )}
      <label htmlFor="code">Code from the mail</label>
      <input
        id="code"
        name="code"
        type="text"
        autoComplete="one-time-code"
        inputMode="numeric"
        autoCapitalize="none"
        spellCheck={false}
        required
        placeholder="1234 5678"
        ref={codeInput}
        onChange={dismiss}
        aria-invalid={wrongCode}
        aria-describedby="code-problem"
      />
      <div id="code-problem" className="field-problem">
        <ProblemNote problem={wrongAddress ? null : problem} />
      </div>
      <button id="submit-code" type="submit" className="primary" aria-disabled={busy}>
        Sign in
      </button>
    </form>
  );
}

function addressIn(field: HTMLInputElement | null): string {
  if (!field?.validity.valid) throw new Problem('not-an-address', 'the browser refused the address');
  return normalise(field.value);
}
