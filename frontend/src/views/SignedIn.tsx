import type { ReactElement } from 'react';

import type { Me } from '../api';
import { Frame } from '../Frame';
import { ProblemNote } from '../ProblemNote';
import { useTask } from '../useTask';

interface Props {
  me: Me;
  onSignOut: () => void;
  onSignOutEverywhere: () => Promise<void>;
}

export function SignedIn({ me, onSignOut, onSignOutEverywhere }: Props): ReactElement {
  const { busy, problem, run } = useTask();

  const lead = (
    <>
      {me.name !== null && (
        <p id="who-name">
          <strong>{me.name}</strong>
        </p>
      )}
      <p id="who-email">{me.email}</p>
    </>
  );
  return (
    <Frame name="signed-in" title="You are signed in" lead={lead}>
      <div className="actions">
        <button id="sign-out" type="button" onClick={onSignOut}>
          Sign out
        </button>
        <button id="sign-out-everywhere" type="button" aria-disabled={busy} onClick={() => { run(onSignOutEverywhere); }}>
          Sign out everywhere
        </button>
      </div>
      <ProblemNote problem={problem} />
    </Frame>
  );
}
