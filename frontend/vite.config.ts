import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  build: {
    // The content security policy allows files of this origin and nothing inline, data: included.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'jsdom',
    setupFiles: 'tests/setup.ts',
    mockReset: true,
    testTimeout: 30_000,
  },
});
