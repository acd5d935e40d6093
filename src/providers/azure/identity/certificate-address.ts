/** Where Microsoft and its cross-signers publish authorities' certificates (spec/provisioning.md 8.12). */
const publishers: readonly { readonly host: string; readonly path: string }[] = [
  { host: 'cacerts.digicert.com', path: '/' },
  { host: 'cacerts.digicert.cn', path: '/' },
  { host: 'cacerts.geotrust.com', path: '/' },
  { host: 'caissuers.microsoft.com', path: '/pkiops/certs/' },
  { host: 'www.microsoft.com', path: '/pkiops/certs/' },
];

/**
 * The authorities that may be looked for. These are named by Microsoft: issuers of its servers' certificates in the hierarchies of 2017, of
 * G2 and of whatever number comes next, and the roots above them where these are cross-signed.
 */
const authorityNames = [
  /^Microsoft (?:Azure )?RSA TLS (?:Issuing )?CA \d\d$/,
  /^Microsoft TLS G\d RSA CA(?: OCSP)? \d\d$/,
  /^Microsoft TLS RSA Root G\d$/,
  /^Microsoft RSA Root Certificate Authority \d{4}$/,
];

const subjectPrefix = 'C=US, O=Microsoft Corporation, CN=';
const longestAddress = 300;

/** The common name of an authority whose certificate may be looked for; null: nobody of that name is. */
export function soughtAuthority(subject: string): string | null {
  const name = subject.startsWith(subjectPrefix) ? subject.slice(subjectPrefix.length) : '';
  return authorityNames.some((pattern) => pattern.test(name)) ? name : null;
}

/**
 * The address as one from which the certificate of this authority may be fetched; null: it may not. Scheme, host, port and folder have to be
 * those of a publisher, and the file has to bear the authority's name as all of theirs do: so strangers cannot make us ask for more than a few
 * files.
 * @param sources further folders, of settings: these may be of any host and port.
 */
export function fetchableAddress(address: string, authority: string, sources: readonly URL[]): URL | null {
  const url = address.length <= longestAddress ? URL.parse(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username + url.password + url.search + url.hash !== '') {
    return null;
  }
  const files = filesOf(authority);
  const isIn = (folder: string): boolean => files.some((file) => url.pathname === `${folder}${file}`);
  const isPublished =
    ['', '80', '443'].includes(url.port) && publishers.some(({ host, path }) => url.hostname === host && isIn(path));
  return isPublished || sources.some(({ origin, pathname }) => url.origin === origin && isIn(pathname)) ? url : null;
}

/** Microsoft writes `Microsoft%20TLS%20RSA%20Root%20G2%20-%20xsign.crt`; DigiCert leaves the spaces out. */
function filesOf(authority: string): string[] {
  const names = [authority, `${authority} - xsign`];
  return names.flatMap((name) => [`${encodeURIComponent(name)}.crt`, `${name.replaceAll(' ', '')}.crt`]);
}
