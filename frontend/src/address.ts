/**
 * The address that this browser last asked a link for. It lets the link go straight in here, while
 * every other browser has to name the address first. It is forgotten at sign-in, and after a day.
 */
const KEY = 'mlink.address';
const DAY_MS = 24 * 60 * 60 * 1000;

interface Kept {
  email: string;
  /** Milliseconds since the epoch. */
  until: number;
}

/** The form in which addresses are compared and sent; the server does the same to its input. */
export function normalise(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase();
}

export function remember(email: string): void {
  const kept: Kept = { email, until: Date.now() + DAY_MS };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // No storage (full, or switched off): the link asks for the address then.
  }
}

export function remembered(): string | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    if (isKept(kept) && kept.until > Date.now()) return kept.email;
  } catch {
    // Not ours, or no storage: as good as nothing kept.
  }
  forget();
  return null;
}

export function forget(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // No storage, so nothing is kept.
  }
}

function isKept(value: unknown): value is Kept {
  return (
    typeof value === 'object' &&
    value !== null &&
    'email' in value &&
    typeof value.email === 'string' &&
    'until' in value &&
    typeof value.until === 'number'
  );
}
