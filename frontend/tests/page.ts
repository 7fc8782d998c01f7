import { screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, expect } from 'vitest';

/** What a person sees and does on the page. */
export const heading = (name: string) => screen.findByRole('heading', { level: 1, name });
export const field = () => screen.getByRole('textbox', { name: 'Email address' });
export const codeField = () => screen.getByRole('textbox', { name: 'Code from the mail' });
export const click = (name: string) => userEvent.click(screen.getByRole('button', { name }));

export async function enter(address: string): Promise<void> {
  await userEvent.clear(field());
  await userEvent.type(field(), `${address}{Enter}`);
}

export async function enterCode(code: string): Promise<void> {
  await userEvent.clear(codeField());
  await userEvent.type(codeField(), `${code}{Enter}`);
}

/** Wherever a test leaves the page, a screen reader finds its way. Contrast is not jsdom's to see. */
export function checkAccessibility(): void {
  afterEach(async () => {
    const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
    expect(violations).toEqual([]);
  });
}
