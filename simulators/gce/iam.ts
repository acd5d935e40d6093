import { createHash } from 'node:crypto';
import type { Cloud } from './cloud.ts';

/** An answer of IAM; its errors have the newer form, without a list of reasons. */
export interface IamAnswer {
  status: number;
  json: unknown;
}

const path = /^\/v1\/projects\/([^/]+)\/serviceAccounts\/([^/]+)$/;

/**
 * `projects.serviceAccounts.get` (https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/get): by
 * e-mail or unique id, in the project or, with `-`, in the account's own.
 */
export function answerIam(method: string, pathname: string, cloud: Cloud): IamAnswer {
  const [, project = '', name = ''] = path.exec(pathname.replaceAll('%40', '@')) ?? [];
  if (method !== 'GET' || project === '') {
    return problem(404, 'NOT_FOUND', 'Method not found.');
  }
  const account = cloud.accounts.find(({ email, uniqueId }) => [email, uniqueId].includes(name));
  if (account === undefined || !['-', cloud.project, cloud.projectNumber].includes(project)) {
    return problem(404, 'NOT_FOUND', `Unknown service account: ${name}`);
  }
  const { email, uniqueId } = account;
  return {
    status: 200,
    json: {
      name: `projects/${cloud.project}/serviceAccounts/${email}`,
      projectId: cloud.project,
      uniqueId,
      email,
      displayName: email.split('@')[0],
      etag: createHash('sha256').update(email).digest().subarray(0, 6).toString('base64'),
      oauth2ClientId: uniqueId,
    },
  };
}

function problem(status: number, statusName: string, message: string): IamAnswer {
  return { status, json: { error: { code: status, message, status: statusName } } };
}
