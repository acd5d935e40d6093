/** All pages of a list, one after the other: Google may cut any of them short, even to nothing. */
export async function pagesOf<P extends { nextToken: string | null }>(
  ask: (pageToken: string | null) => Promise<P>,
): Promise<P[]> {
  const pages: P[] = [];
  let pageToken: string | null = null;
  do {
    const page: P = await ask(pageToken);
    pages.push(page);
    pageToken = page.nextToken;
  } while (pageToken !== null);
  return pages;
}
