// First, so that the secret of a link has left the URL before anything else runs.
import { arrival } from './arrival';

import { StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';

import { App } from './App';
import { loadConfig } from './config';
import { Flow } from './flow';
import { Page } from './Page';
import { Problem } from './problem';
import './style.css';
import { Trouble } from './views/Trouble';
import { Working } from './views/Working';

const element = document.getElementById('root');
if (element) void start(createRoot(element));

async function start(root: Root): Promise<void> {
  root.render(
    <Page>
      <Working doing="One moment" />
    </Page>,
  );
  try {
    const flow = new Flow(await loadConfig());
    root.render(
      <Page product={flow.config.product}>
        <StrictMode>
          <App flow={flow} first={flow.arrive(arrival)} />
        </StrictMode>
      </Page>,
    );
  } catch (error) {
    root.render(
      <Page>
        <Trouble problem={Problem.from(error)} onRetry={() => void start(root)} />
      </Page>,
    );
  }
}
