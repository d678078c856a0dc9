/** An amount of USD as a person reads it: `$12.30`, and what is there but small as `<$0.01`. */
export function dollars(usd: number | null): string {
  if (usd === null) return 'unknown';
  return usd > 0 && usd < 0.005 ? '<$0.01' : `$${usd.toFixed(2)}`;
}
