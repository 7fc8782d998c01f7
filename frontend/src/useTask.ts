import { useState } from 'react';

import { Problem } from './problem';

interface Task {
  busy: boolean;
  problem: Problem | null;
  /** Does nothing while the last run is under way. */
  run: (work: () => Promise<void>) => void;
  /** Takes the problem back, because the person is mending it. */
  dismiss: () => void;
}

/** Something that takes time and may fail, while its view stays. */
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const run = (work: () => Promise<void>): void => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    work()
      .catch((error: unknown) => { setProblem(Problem.from(error)); })
      .finally(() => { setBusy(false); });
  };

  const dismiss = (): void => { setProblem(null); };

  return { busy, problem, run, dismiss };
}
