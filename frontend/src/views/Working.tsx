import type { ReactElement } from 'react';

import { Frame } from '../Frame';

/** Between two views. Fades in late, so that a quick answer shows nothing of it. */
export function Working({ doing }: { doing: string }): ReactElement {
  return (
    <Frame name="working" title={`${doing}…`}>
      <div className="progress" aria-hidden="true" />
    </Frame>
  );
}
