import type { SettingsReader } from '#providers/settings-reader.ts';
import { readCertificate } from './certificate.ts';
import { anchorOf } from './trust-anchors.ts';
import type { TrustAnchor } from './trust-anchors.ts';

/** Whose word counts beside Microsoft's authorities that are carried, and whether newer ones are looked for. */
export interface TrustSettings {
  anchors: readonly TrustAnchor[];
  /** Folders from which certificates may be fetched beside Microsoft's. */
  sources: readonly URL[];
  /** Are authorities' certificates fetched that are not known yet? */
  isLearning: boolean;
}

/** Reads `trustAnchors` (`[{certificatePem}]`), `certificateSources` (`[{url}]`) and `fetchIntermediates` (`always`, the default, or `never`). */
export function readTrustSettings(settings: SettingsReader): TrustSettings {
  const fetchIntermediates = settings.optionalText('fetchIntermediates') ?? 'always';
  if (!['always', 'never'].includes(fetchIntermediates)) {
    settings.reject('fetchIntermediates', 'must be always or never');
  }
  return {
    anchors: settings.objects('trustAnchors').flatMap((entry) => readAnchor(entry) ?? []),
    sources: settings.objects('certificateSources').flatMap((entry) => readSource(entry) ?? []),
    isLearning: fetchIntermediates === 'always',
  };
}

function readAnchor(entry: SettingsReader): TrustAnchor | null {
  const pem = entry.text('certificatePem');
  try {
    const base64 = /^\s*-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----\s*$/.exec(pem)?.[1];
    const certificate = readCertificate(Buffer.from(base64 ?? '', 'base64'));
    if (certificate.isCa) {
      return anchorOf(certificate, 'settings');
    }
  } catch {
    // Said below; an empty text was said to be so by the reader.
  }
  if (pem !== '') {
    entry.reject('certificatePem', "must be a certificate authority's certificate in PEM");
  }
  return null;
}

function readSource(entry: SettingsReader): URL | null {
  const url = URL.parse(entry.text('url'));
  if (url === null || !/^https?:$/.test(url.protocol) || !url.pathname.endsWith('/')) {
    entry.reject('url', 'must be an http or https URL that ends with a slash');
    return null;
  }
  return url;
}
