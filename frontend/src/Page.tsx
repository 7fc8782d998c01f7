import type { ReactElement, ReactNode } from 'react';

import logo from './logo.svg';
import { Product } from './product';

interface Props {
  /** Left out: not known yet, so the place of its name stays empty. */
  product?: string;
  children: ReactNode;
}

/** The whole page: whose sign-in it is, and under that the view. */
export function Page({ product = '', children }: Props): ReactElement {
  return (
    <Product value={product}>
      <header className="brand">
        {product !== '' && (
          <>
            <img src={logo} alt="" width="32" height="32" />
            <span>{product}</span>
          </>
        )}
      </header>
      {children}
    </Product>
  );
}
