import { type ReactElement, type ReactNode, use, useLayoutEffect, useRef } from 'react';

import { Product } from './product';

interface Props {
  /** Names the view for the style sheet and for tests; not shown. */
  name: string;
  /** The heading, and with the product the title of the page. */
  title: string;
  /** The first words, read aloud together with the heading. */
  lead?: ReactNode;
  children?: ReactNode;
}

/** What every view stands in: card and heading. A new view takes the focus to its heading. */
export function Frame({ name, title, lead, children }: Props): ReactElement {
  const product = use(Product);
  const card = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  // Title and focus change together with the view, so that nothing is read or typed in between.
  useLayoutEffect(() => {
    const complete = title.includes(product);
    document.title = complete ? title : `${title} · ${product}`;
  }, [title, product]);

  useLayoutEffect(() => {
    const inputHasFocus = card.current?.contains(document.activeElement);
    if (!inputHasFocus) heading.current?.focus();
  }, []);

  return (
    <main className="card" data-view={name} ref={card}>
      <h1 ref={heading} tabIndex={-1} aria-describedby={lead === undefined ? undefined : 'lead'}>
        {title}
      </h1>
      {lead !== undefined && (
        <div id="lead" className="lead">
          {lead}
        </div>
      )}
      {children}
    </main>
  );
}
