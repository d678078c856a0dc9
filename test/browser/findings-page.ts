import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';

/** A table of the page, its first row the heads. */
export type Rows = readonly (readonly string[])[];

const AXE = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE_MS = 15_000;

/** The page of findings, as a person uses it. */
export class FindingsPage {
  /** What the browser complained of: errors of scripts, what the policy of the page forbade, requests that failed. */
  readonly complaints: string[] = [];
  /** Where the browser went. */
  readonly requested: string[] = [];

  constructor(readonly page: Page) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('request', (request) => this.requested.push(request.url()));
  }

  /** Opens an address and waits for what it shows. */
  async open(address: string): Promise<string> {
    await this.page.goto(address);
    return this.heading(/./);
  }

  /** The heading of the view, when it says that. */
  async heading(text: RegExp): Promise<string> {
    const heading = this.page.getByRole('heading', { level: 1, name: text });
    await heading.waitFor();
    return heading.innerText();
  }

  /** Chooses in the form of the view, and has it shown. */
  async choose(figure: string): Promise<void> {
    await this.page.getByRole('combobox', { name: 'Figure' }).selectOption({ label: figure });
    await this.page.getByRole('button', { name: 'Show' }).click();
  }

  async search(text: string): Promise<void> {
    await this.page.getByRole('searchbox', { name: 'Name holds' }).fill(text);
    await this.page.getByRole('button', { name: 'Show' }).click();
  }

  async follow(link: string): Promise<void> {
    await this.page.getByRole('link', { name: link, exact: true }).click();
  }

  /** The rows of a table. */
  async rows(caption: string | RegExp): Promise<Rows> {
    const table = this.page.getByRole('table', { name: caption });
    await table.waitFor();
    const rows = await table.getByRole('row').all();
    return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
  }

  /** The trend in words, and the points that are drawn. */
  async trend(): Promise<{ readonly words: string; readonly points: number }> {
    const image = this.page.getByRole('img');
    return { words: (await image.getAttribute('aria-label')) ?? '', points: await image.locator('circle').count() };
  }

  text(locator: (page: Page) => Locator): Promise<string> {
    return locator(this.page).innerText();
  }

  /** What axe-core finds wrong for people who cannot see, or not well, or use no mouse: each rule with where it is broken. */
  async barriers(): Promise<string[]> {
    // As the browser's own tools do: no part of the page's policy has to be lifted for it.
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      interface Axe {
        run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      }
      const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
      return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
    });
  }
}
