import { createContext } from 'react';

/** The name of what people sign in to. Empty until the configuration is here. */
export const Product = createContext('');
