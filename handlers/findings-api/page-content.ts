import { createHash } from 'node:crypto';

import type { Content } from './api';

/** The page, which runs the script and takes the style that are in it, asks this API alone, and is framed by nobody. */
export function pageContent(html: string): Content {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf('script', html)}`,
    `style-src ${hashOf('style', html)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  const headers = { 'content-security-policy': policy.join('; '), 'referrer-policy': 'no-referrer' };
  return { type: 'text/html; charset=utf-8', text: html, headers };
}

/** Names the one element of its kind by what is in it. */
function hashOf(name: 'script' | 'style', html: string): string {
  const [, content] = new RegExp(`<${name}>([^]*?)</${name}>`).exec(html) ?? [];
  if (content === undefined) throw new Error(`the page has no ${name}`);
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
