import { type ReactElement, useEffect, useState } from 'react';

import { CodeForm } from '../CodeForm';
import { inWords } from '../duration';
import { Frame } from '../Frame';
import { ProblemNote } from '../ProblemNote';
import { useTask } from '../useTask';

interface Props {
  email: string;
  /** Whether the stage sends mail. */
  mail: boolean;
  /** How long the server sends this address no other mail. */
  pauseSeconds: number;
  onSubmitCode: (email: string, code: string) => Promise<void>;
  onSendAgain: () => Promise<void>;
  onOtherAddress: () => void;
}

export function CheckMail({ email, mail, pauseSeconds, onSubmitCode, onSendAgain, onOtherAddress }: Props): ReactElement {
  const [sent, setSent] = useState(1);
  const secondsLeft = useCountdown(pauseSeconds, sent);
  const { busy, problem, run } = useTask();

  const waiting = secondsLeft > 0;
  const sendAgain = (): void => {
    if (waiting) return;
    run(async () => {
      await onSendAgain();
      setSent(sent + 1);
    });
  };

  const lead = (
    <p>
      If <strong>{email}</strong> has an account, a mail is on its way.
      {mail && ' Open the link in it, or type its code here.'}
    </p>
  );
  return (
    <Frame name="check-mail" title="Check your mail" lead={lead}>
      {mail ? (
        // A new mail puts an end to the code before it, and so to whatever was typed and said of that one.
        <CodeForm key={sent} email={email} onSubmit={onSubmitCode} />
      ) : (
        <p className="note" id="no-mail">
          This site sends no mail yet: whoever runs it has to configure a sender first.
        </p>
      )}
      <p className="hint" id="send-again-hint">
        {waiting
          ? `Nothing there? Send it again in ${inWords(secondsLeft)}.`
          : 'Nothing there? Look among the spam.'}
      </p>
      <div className="actions">
        <button
          id="send-again"
          type="button"
          aria-disabled={waiting || busy}
          aria-describedby="send-again-hint"
          onClick={sendAgain}
        >
          Send again
        </button>
        <button id="other-address" type="button" onClick={onOtherAddress}>
          Use another address
        </button>
      </div>
      <ProblemNote problem={problem} />
      <p className="status" role="status">
        {sent > 1 && !busy && problem === null && 'Sent again. Only the code in the newest mail works.'}
      </p>
    </Frame>
  );
}

/** Whole seconds until `seconds` have passed; begins anew when `round` changes. */
function useCountdown(seconds: number, round: number): number {
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    // By the clock: a tab in the background hardly ticks.
    const end = Date.now() + seconds * 1000;
    const tick = (): void => { setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000))); };
    tick();
    const timer = setInterval(tick, 1000);
    return () => { clearInterval(timer); };
  }, [seconds, round]);

  return left;
}
