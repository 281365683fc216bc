// Erleah as an Azure Container App, on a Directus, Qdrant and Redis that run elsewhere.
//
// deploy.sh beside this file creates the group and the vault, asks for the secrets, and runs this twice: once without, once with the custom
// domain (a certificate is only issued for a name that is already bound).

@description('Where everything is created.')
param location string = resourceGroup().location

@description('Begins the names of all resources.')
@minLength(3)
@maxLength(16)
param name string = 'erleah'

@description('The image, e.g. registry.azurecr.io/erleah:1.0.0')
param image string

@description('Azure Container Registry that the image is in; empty: the image is public.')
param registryName string = ''

@description('Key Vault of this resource group with the secrets directus, anthropic, qdrant and redis.')
param vaultName string

param directusUrl string
param qdrantUrl string

@description('Origins of the pages that the widget is on, separated by commas.')
param corsOrigins string

@description('Your own host name, e.g. assistant.example.org; empty: the one that Azure gives.')
param domain string = ''

@description('False at first: the name is added. True then: its certificate is issued and bound.')
param bindDomain bool = false

@minValue(1)
param minReplicas int = 2

@maxValue(30)
param maxReplicas int = 6

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
var withRegistry = !empty(registryName)
var withDomain = !empty(domain)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-identity'
  location: location
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, secretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = if (withRegistry) {
  name: withRegistry ? registryName : 'none'
}

resource pullsImage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (withRegistry) {
  scope: registry
  name: guid(resourceGroup().id, registryName, identity.id, acrPull)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2022-10-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

resource certificate 'Microsoft.App/managedEnvironments/managedCertificates@2024-03-01' = if (withDomain && bindDomain) {
  parent: environment
  name: '${name}-certificate'
  location: location
  properties: {
    subjectName: domain
    domainControlValidation: 'CNAME'
  }
}

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      maxInactiveRevisions: 5
      ingress: {
        external: true
        targetPort: 8000
        // `auto` breaks WebSockets.
        transport: 'http'
        // http:// is redirected to https://
        allowInsecure: false
        customDomains: withDomain ? [
          {
            name: domain
            bindingType: bindDomain ? 'SniEnabled' : 'Disabled'
            certificateId: bindDomain ? certificate.id : null
          }
        ] : []
      }
      registries: withRegistry ? [
        {
          server: '${registryName}.azurecr.io'
          identity: identity.id
        }
      ] : []
      // Read from the vault by the app's identity: no secret is in this file, its parameters or its outputs.  A changed secret is read
      // by a new revision, or after `az containerapp revision restart`.
      secrets: [
        {
          name: 'directus'
          keyVaultUrl: '${vault.properties.vaultUri}secrets/directus'
          identity: identity.id
        }
        {
          name: 'anthropic'
          keyVaultUrl: '${vault.properties.vaultUri}secrets/anthropic'
          identity: identity.id
        }
        {
          name: 'qdrant'
          keyVaultUrl: '${vault.properties.vaultUri}secrets/qdrant'
          identity: identity.id
        }
        {
          name: 'redis'
          keyVaultUrl: '${vault.properties.vaultUri}secrets/redis'
          identity: identity.id
        }
      ]
    }
    template: {
      // DRAIN_GRACE_MS, and what a store that hangs takes.
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: 'erleah'
          image: image
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          env: [
            {
              name: 'DIRECTUS_URL'
              value: directusUrl
            }
            {
              name: 'QDRANT_URL'
              value: qdrantUrl
            }
            {
              name: 'CORS_ORIGINS'
              value: corsOrigins
            }
            {
              // The ingress is the only one that reaches the container; it sets X-Forwarded-For.
              name: 'TRUSTED_PROXIES'
              value: '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12'
            }
            {
              name: 'LOG_FORMAT'
              value: 'json'
            }
            {
              name: 'DIRECTUS_API_KEY'
              secretRef: 'directus'
            }
            {
              name: 'ANTHROPIC_API_KEY'
              secretRef: 'anthropic'
            }
            {
              name: 'QDRANT_API_KEY'
              secretRef: 'qdrant'
            }
            {
              name: 'REDIS_URL'
              secretRef: 'redis'
            }
          ]
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/health'
                port: 8000
              }
              periodSeconds: 1
              failureThreshold: 60
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/health/ready'
                port: 8000
              }
              periodSeconds: 5
              timeoutSeconds: 6
              failureThreshold: 3
            }
            {
              // Only that the process answers: a Directus that is away is no reason to kill it.
              type: 'Liveness'
              httpGet: {
                path: '/health'
                port: 8000
              }
              periodSeconds: 10
              timeoutSeconds: 3
              failureThreshold: 3
            }
          ]
          volumeMounts: [
            {
              volumeName: 'data'
              mountPath: '/var/lib/erleah'
            }
          ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        // An open event stream counts as a request for as long as it is open, and each server holds 240 of them
        // (API_THREADS - 16): the default of 10 would start a server for every ten readers.
        rules: [
          {
            name: 'streams'
            http: {
              metadata: {
                concurrentRequests: '150'
              }
            }
          }
        ]
      }
      volumes: [
        {
          name: 'data'
          storageType: 'EmptyDir'
        }
      ]
    }
  }
  dependsOn: [
    readsSecrets
    pullsImage
  ]
}

output address string = 'https://${withDomain && bindDomain ? domain : app.properties.configuration.ingress.fqdn}'
output fqdn string = app.properties.configuration.ingress.fqdn
output verificationId string = app.properties.customDomainVerificationId
