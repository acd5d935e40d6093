/** Gets the bytes behind an address. Rejects on anything but an answer of a certificate's size. */
export type FetchCertificate = (url: URL, signal: AbortSignal) => Promise<Buffer>;

/** Real ones have two thousand bytes. */
const largestCertificate = 16 * 1024;

/** The one over HTTP: follows no redirect, repeats nothing, and stops reading what is too long. */
export const fetchCertificate: FetchCertificate = async (url, signal) => {
  const response = await fetch(url, { signal, redirect: 'manual' });
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (response.status !== 200 || body === null) {
    await response.body?.cancel();
    throw new Error(`${url.href} answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > largestCertificate) {
      // Leaving the loop cancels the body.
      throw new Error(`${url.href} answered with more than ${largestCertificate} bytes`);
    }
  }
  return Buffer.concat(chunks);
};
