import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';

import { chromium } from './chromium';

/** A headless Chromium that knows nothing but this computer. */
export interface LocalBrowser {
  /** A page of its own: no cookies, storage or cache of another's. */
  newPage(): Promise<Page>;
  /** Ends the browser and removes what it wrote. It also ends with this process, however this process ends. */
  close(): Promise<void>;
}

const SIZE = { width: 1440, height: 900 };

/** No updates, reports or look-ups: the browser reaches addresses of this computer, and nothing else. */
const ARGUMENTS = [
  '--no-sandbox', // as root it runs in no other way, and the pages are our own
  '--no-zygote',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
  '--font-render-hinting=none',
];

export interface BrowserOptions {
  /**
   * Ports of 127.0.0.1 that stand for hosts, whose certificates are taken as they come.
   * @default - no name exists
   */
  readonly hosts?: Readonly<Record<string, number>>;
}

/** Starts a browser: two seconds, and ten to unpack it the first time. */
export async function openBrowser({ hosts = {} }: BrowserOptions = {}): Promise<LocalBrowser> {
  const { executable, environment } = await chromium();
  const home = mkdtempSync(join(tmpdir(), 'tablesleuth-browser-'));
  const forget = (): void => rmSync(home, { recursive: true, force: true });
  process.once('exit', forget);
  const browser = await playwright
    .launch({
      executablePath: executable,
      args: [...ARGUMENTS, namesOnly(hosts)],
      env: { ...environment, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', TZ: 'UTC', PATH: process.env.PATH ?? '' },
    })
    .catch((error: unknown) => {
      forget();
      throw error;
    });
  return {
    newPage: () => newPage(browser),
    close: async () => {
      await browser.close();
      process.off('exit', forget);
      forget();
    },
  };
}

function namesOnly(hosts: Readonly<Record<string, number>>): string {
  const rules = Object.entries(hosts).map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`);
  return `--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].join(', ')}`;
}

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    viewport: SIZE,
    colorScheme: 'light',
    timezoneId: 'UTC',
    locale: 'en-US',
    ignoreHTTPSErrors: true,
  });
  return context.newPage();
}
