import { patterns } from '#contract/patterns.ts';
import { text } from './fields.ts';
import { closed, document, freeForm, open } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const templateLink: JsonSchema = {
  description: 'Where the template is.',
  oneOf: [
    closed(
      {
        id: {
          type: 'string',
          pattern: patterns.templateSpecId,
          description: 'The resource id of a version of a template spec.',
        },
      },
      { title: 'Template Spec' },
    ),
    closed(
      {
        uri: text('The address of the template.'),
        contentVersion: text('The content version that the template must have.'),
        queryString: text('What is added to the address, e.g. a signature.'),
      },
      { title: 'Template Address', optional: ['contentVersion', 'queryString'] },
    ),
  ],
};

const secretReference = closed(
  {
    reference: closed(
      {
        keyVault: closed(
          { id: text('The resource id of the vault.') },
          { optional: ['id'], description: 'The vault that holds the secret.' },
        ),
        secretName: text('The secret.'),
        secretVersion: text('Its version; by default the newest.'),
      },
      { optional: ['secretVersion'], description: 'A secret in a key vault.' },
    ),
  },
  { title: 'Key Vault Secret' },
);

/** `location` must be there as a plain text: it becomes the worker group, before anything is deployed (W25). */
const parameters: JsonSchema = {
  type: 'object',
  description:
    'Values for the parameters of the template. The service itself gives `vmName`, `computerName`, `adminUsername`, `adminPassword`, `customData` and `tags`.',
  properties: {
    location: closed(
      { value: text('The location.') },
      { description: 'The location to start machines in; it becomes their worker group.' },
    ),
  },
  required: ['location'],
  additionalProperties: {
    oneOf: [closed({ value: { description: 'The value.' } }, { title: 'Plain Value' }), secretReference],
  },
};

function oneOfThese(values: readonly string[], description: string): JsonSchema {
  return { type: 'string', enum: values, description };
}

const armDeployment: JsonSchema = {
  ...closed(
    {
      mode: oneOfThese(
        ['Incremental', 'Complete'],
        'What becomes of resources of the group that the template does not name.',
      ),
      template: freeForm('The template itself.'),
      templateLink,
      parameters,
      parametersLink: closed(
        {
          uri: text('The address of a parameter file.'),
          contentVersion: text('The content version that it must have.'),
        },
        { optional: ['uri', 'contentVersion'], description: 'More parameters.' },
      ),
      debugSetting: closed(
        {
          detailLevel: oneOfThese(
            ['requestContent', 'responseContent', 'requestContent,responseContent'],
            'What Azure keeps.',
          ),
        },
        { optional: ['detailLevel'], description: 'What Azure keeps of the deployment.' },
      ),
      onErrorDeployment: closed(
        {
          type: oneOfThese(['LastSuccessful', 'SpecificDeployment'], 'Which deployment.'),
          deploymentName: text('Its name.'),
        },
        { optional: ['type', 'deploymentName'], description: 'What to deploy on an error.' },
      ),
      expressionEvaluationOptions: closed(
        { scope: oneOfThese(['Inner', 'Outer'], 'The scope.') },
        { optional: ['scope'], description: 'Where expressions of nested templates are evaluated.' },
      ),
    },
    {
      optional: [
        'template',
        'templateLink',
        'parametersLink',
        'debugSetting',
        'onErrorDeployment',
        'expressionEvaluationOptions',
      ],
      description: 'The deployment that makes a machine and all it needs.',
    },
  ),
  oneOf: [{ required: ['template'] }, { required: ['templateLink'] }],
};

/** A launch config that has a machine made by a resource manager template (spec/api.md 5.6). */
export const azureArmTemplates = document('azure-arm-templates', {
  title: 'Azure Launch Config by Template',
  ...open(
    {
      armDeployment,
      armDeploymentResourceGroup: text('The resource group to deploy to; by default that of the provider.'),
    },
    { optional: ['armDeploymentResourceGroup'] },
  ),
  description: 'What is sent to Azure as a deployment.',
});
