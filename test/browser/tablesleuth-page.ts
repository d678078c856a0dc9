import type { Locator, Page } from 'playwright-core';

/** A table as the screen shows it: the head's words, and each row's. */
export interface ShownTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What TableSleuth's interface got for an answer from the server. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The first look at a large table may take a while; what takes longer than this does not work. */
const PATIENCE_MS = 60_000;

/** TableSleuth's web interface, as a person uses it: everything is found by what the screen says. */
export class TableSleuthPage {
  constructor(
    private readonly page: Page,
    /** Where the interface is, such as http://127.0.0.1:8080. */
    private readonly address: string,
  ) {
    page.setDefaultTimeout(PATIENCE_MS);
  }

  /** Opens the start page and gives what it offers. */
  async open(): Promise<string[]> {
    await this.page.goto(this.address);
    return this.page.getByRole('navigation').getByRole('link').allInnerTexts();
  }

  /** The tables that a catalog lists. */
  async listTables(catalog: string): Promise<string[]> {
    await this.show('Iceberg');
    const [catalogs, tables] = [this.page.getByRole('combobox').first(), this.page.getByRole('combobox').nth(1)];
    await catalogs.selectOption(catalog);
    await this.button('List Tables').click();
    await tables.waitFor();
    return tables.getByRole('option').allInnerTexts();
  }

  /** Loads a table of a catalog and gives its snapshots, the newest first, each as its lines of text. */
  async loadIceberg(catalog: string, table: string): Promise<string[][]> {
    await this.listTables(catalog);
    await this.page.getByRole('combobox').nth(1).selectOption(table);
    await this.button('Load').click();
    await this.button('Forensics').waitFor();
    return linesOf(this.page.getByRole('button').filter({ hasText: /#\d+/ }));
  }

  /** Loads a Delta table and gives its versions, the newest first, each as its lines of text. */
  async loadDelta(uri: string): Promise<string[][]> {
    await this.show('Delta');
    await this.page.getByPlaceholder('Path to Delta table').fill(uri);
    await this.button('Load').click();
    await this.button('Forensics').waitFor();
    return linesOf(this.page.getByRole('button').filter({ hasText: /v\d+/ }));
  }

  /** Looks for Parquet files and gives each one's text: its name, path, size and rows. */
  async loadParquet(uri: string): Promise<string[]> {
    await this.show('Parquet');
    await this.page.getByRole('textbox').first().fill(uri);
    await this.button('Analyze').click();
    const files = this.page.getByRole('button').filter({ hasText: '.parquet' });
    await files.first().waitFor();
    return files.allInnerTexts();
  }

  /** What the page of the settings says once its questions are answered. */
  async settings(): Promise<string> {
    const answered = this.page.waitForResponse(/\/api\/config\/?$/);
    await this.link('Settings').click();
    await answered;
    return this.page.getByRole('main').innerText();
  }

  /** Turns to one of the views of what is loaded. */
  async turnTo(view: string): Promise<void> {
    await this.button(view).click();
  }

  /** Presses a button by a part of its text. */
  async press(text: RegExp): Promise<void> {
    await this.page.getByRole('button', { name: text }).click();
  }

  /** Everything the page says, once it says the given words. */
  async text(words: string | RegExp): Promise<string> {
    await this.page.getByRole('main').getByText(words).first().waitFor();
    return this.page.getByRole('main').innerText();
  }

  /** Runs SQL in GizmoSQL's console, whatever comes of it. */
  async run(sql: string): Promise<void> {
    await this.show('GizmoSQL');
    await this.text('Connected');
    await this.page.getByRole('textbox').fill(sql);
    await this.button(/^Run Query/).click();
  }

  /** The first table on the page. */
  async table(): Promise<ShownTable> {
    const table = this.page.getByRole('table').first();
    await table.waitFor();
    const rows = await table.getByRole('row').all();
    const [columns = [], ...rest] = await Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
    return { columns, rows: rest };
  }

  /** Sends what the interface itself would send, from its own page: its cookies, its origin, its way through the proxy. */
  async call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    return this.page.evaluate(
      async ({ method, path, body }) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`/api/${path}`, {
          method,
          headers,
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await answer.text();
        const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
        return { status: answer.status, body: isJson ? (JSON.parse(text) as unknown) : text };
      },
      { method, path, body },
    );
  }

  /** Writes the visible part of the page as a PNG file. */
  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path, animations: 'disabled' });
  }

  private async show(name: string): Promise<void> {
    await this.link(name).click();
    await this.page
      .getByRole('heading', { name: new RegExp(name) })
      .first()
      .waitFor();
  }

  private link(name: string): Locator {
    return this.page.getByRole('navigation').getByRole('link', { name, exact: true });
  }

  private button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }
}

async function linesOf(items: Locator): Promise<string[][]> {
  await items.first().waitFor();
  const texts = await items.allInnerTexts();
  return texts.map((text) => text.split('\n').filter((line) => line !== ''));
}
