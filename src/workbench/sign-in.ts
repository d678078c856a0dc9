import { Duration, Stack } from 'aws-cdk-lib';
import type { IUserPool, IUserPoolClient, IUserPoolDomain } from 'aws-cdk-lib/aws-cognito';
import { ListenerAction, UnauthenticatedAction } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { AuthenticateCognitoAction } from 'aws-cdk-lib/aws-elasticloadbalancingv2-actions';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { fail, isKnown } from '../private/validate';

export interface SignInOptions {
  /**
   * How long somebody stays signed in; up to 7 days. Who is taken out at the identity provider is let in until then.
   *
   * @default - 12 hours
   */
  readonly sessionTimeout?: Duration;
}

export interface OidcSignInOptions extends SignInOptions {
  /** The issuer as the provider's discovery document has it, such as `https://login.example.com/`. */
  readonly issuer: string;

  /** Where people sign in. */
  readonly authorizationEndpoint: string;

  /** Where the load balancer redeems what a sign-in gave. It has to be on the internet. */
  readonly tokenEndpoint: string;

  /** Where the load balancer asks who has signed in. It has to be on the internet. */
  readonly userInfoEndpoint: string;

  /** The client that the provider knows the load balancer as; its redirect URL is `https://<hostName>/oauth2/idpresponse`. */
  readonly clientId: string;

  /** The client's secret, as plain text. Only CloudFormation reads it, when it deploys. */
  readonly clientSecret: ISecret;

  /**
   * What the load balancer asks the provider for, separated by spaces.
   *
   * @default - openid email
   */
  readonly scope?: string;
}

export interface CognitoSignInOptions extends SignInOptions {
  /** Who may sign in. Every user of the pool may: give it a pool of its own. */
  readonly userPool: IUserPool;

  /** A client with a secret and the code flow, whose callback URL is `https://<hostName>/oauth2/idpresponse`. */
  readonly userPoolClient: IUserPoolClient;

  /** Where the pool's sign-in page is. */
  readonly userPoolDomain: IUserPoolDomain;
}

/** What a way to sign in gives to a load balancer, and what the host expects of it. */
export interface SignInConfig {
  /** Asks for a sign-in, then goes on. */
  readonly action: ListenerAction;
  /** The issuer that the load balancer's signed header names. */
  readonly issuer: string;
  /** The client that it names. */
  readonly clientId: string;
}

/** How people sign in at a load balancer before any request of theirs reaches a host. */
export abstract class SignIn {
  /** At an identity provider of your own that speaks OpenID Connect, such as Okta, Entra ID or Keycloak. Costs nothing here. */
  public static oidc(options: OidcSignInOptions): SignIn {
    return new OidcSignIn(options);
  }

  /** At Amazon Cognito. `SignInPool` makes a pool whose users need a second factor. */
  public static cognito(options: CognitoSignInOptions): SignIn {
    return new CognitoSignIn(options);
  }

  /**
   * Checks and gives what the load balancer needs.
   *
   * @param scope the load balancer
   * @param next what follows a sign-in
   */
  public abstract bind(scope: Construct, next: ListenerAction): SignInConfig;
}

class OidcSignIn extends SignIn {
  constructor(private readonly options: OidcSignInOptions) {
    super();
  }

  public bind(scope: Construct, next: ListenerAction): SignInConfig {
    const { issuer, authorizationEndpoint, tokenEndpoint, userInfoEndpoint, clientId } = this.options;
    for (const [name, url] of Object.entries({ issuer, authorizationEndpoint, tokenEndpoint, userInfoEndpoint })) {
      if (isKnown(url) && !/^https:\/\/[\w./:~-]+$/.test(url)) {
        fail(scope, `${name} of the sign-in is ${JSON.stringify(url)}, expected an https URL without a query`);
      }
    }
    if (isKnown(clientId) && !/^[\w.:~-]+$/.test(clientId)) {
      fail(scope, `clientId of the sign-in is ${JSON.stringify(clientId)}, expected letters, digits and _ . : ~ -`);
    }
    const sessionTimeout = sessionOf(scope, this.options);
    const { clientSecret, scope: wanted } = this.options;
    const action = ListenerAction.authenticateOidc({
      issuer,
      authorizationEndpoint,
      tokenEndpoint,
      userInfoEndpoint,
      clientId,
      clientSecret: clientSecret.secretValue,
      scope: wanted ?? 'openid email',
      sessionTimeout,
      onUnauthenticatedRequest: UnauthenticatedAction.AUTHENTICATE,
      next,
      // The load balancer's own group names its ways out.
      allowHttpsOutbound: false,
    });
    return { action, issuer, clientId };
  }
}

class CognitoSignIn extends SignIn {
  constructor(private readonly options: CognitoSignInOptions) {
    super();
  }

  public bind(scope: Construct, next: ListenerAction): SignInConfig {
    const { userPool, userPoolClient, userPoolDomain } = this.options;
    const { region, urlSuffix } = Stack.of(scope);
    const sessionTimeout = sessionOf(scope, this.options);
    const action = new AuthenticateCognitoAction({
      userPool,
      userPoolClient,
      userPoolDomain,
      scope: 'openid email',
      sessionTimeout,
      onUnauthenticatedRequest: UnauthenticatedAction.AUTHENTICATE,
      next,
      allowHttpsOutbound: false,
    });
    return {
      action,
      issuer: `https://cognito-idp.${region}.${urlSuffix}/${userPool.userPoolId}`,
      clientId: userPoolClient.userPoolClientId,
    };
  }
}

function sessionOf(scope: Construct, { sessionTimeout }: SignInOptions): Duration {
  const timeout = sessionTimeout ?? Duration.hours(12);
  const seconds = timeout.toSeconds();
  if (seconds < 1 || seconds > 604_800) {
    fail(scope, `sessionTimeout of the sign-in is ${seconds} seconds, expected at most 7 days`);
  }
  return timeout;
}
