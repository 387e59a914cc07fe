/** One of eight fixed colours for each service, by its place in the stack: the same on every page. The name always stands beside it. */
function seriesNumber(services: readonly string[], service: string): number {
  const index = services.indexOf(service);
  return index === -1 ? 8 : (index % 8) + 1;
}

export function seriesColour(services: readonly string[], service: string): string {
  return `var(--series-${seriesNumber(services, service)})`;
}
