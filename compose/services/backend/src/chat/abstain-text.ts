/** What is said instead of an answer. */
export function abstainText(reason: 'no-documents' | 'not-in-documents', nearest: readonly string[]): string {
  if (reason === 'no-documents') return 'There are no documents yet. Add some, then ask again.';
  const said = 'Your documents do not answer this.';
  return nearest.length === 0 ? said : `${said} The nearest are: ${nearest.join('; ')}.`;
}
