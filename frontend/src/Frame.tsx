import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';

interface Props {
  /** Names the view for the style sheet and for tests; not shown. */
  name: string;
  /** The heading, and the title of the page. */
  title: string;
  /** The first words, read aloud together with the heading. */
  lead?: ReactNode;
  children?: ReactNode;
}

/** What every view stands in: card and heading. A new view takes the focus to its heading. */
export function Frame({ name, title, lead, children }: Props): ReactElement {
  const card = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${title} · mlink`;
  }, [title]);

  useEffect(() => {
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
