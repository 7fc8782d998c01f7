import type { ReactElement } from 'react';

import { Frame } from '../Frame';
import { explain, type Problem, type ProblemKind } from '../problem';

const TITLES: Partial<Record<ProblemKind, string>> = {
  offline: 'No connection',
  busy: 'Too many tries',
  'not-configured': 'This page is not ready',
};

interface Props {
  problem: Problem;
  onRetry: () => void;
}

export function Trouble({ problem, onRetry }: Props): ReactElement {
  return (
    <Frame name="trouble" title={TITLES[problem.kind] ?? 'Something went wrong'} lead={<p>{explain(problem)}</p>}>
      <button id="retry" type="button" className="primary" onClick={onRetry}>
        Try again
      </button>
    </Frame>
  );
}
