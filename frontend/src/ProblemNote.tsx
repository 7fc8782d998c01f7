import type { ReactElement } from 'react';

import { explain, type Problem } from './problem';

/** Tells of a problem where it happened. The live region stands before the words come, so they are read. */
export function ProblemNote({ problem }: { problem: Problem | null }): ReactElement {
  return (
    <p className="problem" role="alert">
      {problem && explain(problem)}
    </p>
  );
}
