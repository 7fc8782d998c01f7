/** The code that stands in the mail beside the link. */
const CODE = /^[0-9]{8}$/;

/** What people and mail programs put between the digits: blanks, hyphens and dashes, seen and unseen. */
const BETWEEN = /[\s\p{Pd}\p{Cf}\u2212]/gu;

/** The eight digits of what was typed or pasted; `null`: it is no code. */
export function readCode(typed: string): string | null {
  const code = typed.normalize('NFKC').replace(BETWEEN, '');
  return CODE.test(code) ? code : null;
}
