import type { Me } from './api';
import type { LinkArrival, LinkFault } from './arrival';
import type { Problem } from './problem';

/** What stands on the page: one at a time, each with all it needs. */
export type View =
  | { kind: 'working'; doing: string }
  | { kind: 'ask-address'; note?: Note; email?: string }
  | { kind: 'check-mail'; email: string }
  | { kind: 'test-link'; email: string; link: string }
  | { kind: 'confirm-address'; secret: string; email?: string }
  | { kind: 'other-session'; email: string; link: LinkArrival }
  | { kind: 'link-unreadable'; fault: LinkFault; email: string | null }
  | { kind: 'link-refused'; secret: string; email: string }
  | { kind: 'signed-in'; me: Me }
  | { kind: 'trouble'; problem: Problem; again: () => Promise<View> };

/** Why a person who was signed in is asked for the address again. */
export type Note = 'signed-out' | 'signed-out-everywhere' | 'session-ended';
