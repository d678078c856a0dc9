import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  type IUserPool,
  type IUserPoolClient,
  type IUserPoolDomain,
  Mfa,
  OAuthScope,
  UserPool,
  UserPoolClient,
  UserPoolClientIdentityProvider,
  UserPoolDomain,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import { fail, isKnown } from '../private/validate';

export interface SignInPoolProps {
  /** The name that people open, which Cognito sends them back to after the sign-in. */
  readonly hostName: string;

  /** The sign-in page's name, as in `https://<domainPrefix>.auth.<region>.amazoncognito.com`; nobody else in the region may have it. */
  readonly domainPrefix: string;

  /**
   * What happens to the users when their stack is destroyed.
   *
   * @default - they stay, and AWS refuses to delete the pool
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What another stack knows of a pool. */
export interface SignInPoolAttributes {
  readonly userPoolId: string;
  readonly clientId: string;
  /** The prefix of a domain of Cognito's, or a domain of your own. */
  readonly domain: string;
}

/** A pool as `SignIn.cognito` takes it. */
export interface ISignInPool {
  readonly userPool: IUserPool;
  readonly userPoolClient: IUserPoolClient;
  readonly userPoolDomain: IUserPoolDomain;
}

/**
 * The people who may use TableSleuth, in a Cognito user pool of their own: an administrator invites them by e-mail, and
 * each needs an authenticator app as a second factor. Free up to 10,000 people a month.
 */
export class SignInPool extends Construct implements ISignInPool {
  /** A pool made elsewhere, or in another stack whose deployment must not be locked by this one's. */
  public static fromSignInPoolAttributes(scope: Construct, id: string, attributes: SignInPoolAttributes): ISignInPool {
    const imported = new Construct(scope, id);
    return {
      userPool: UserPool.fromUserPoolId(imported, 'UserPool', attributes.userPoolId),
      userPoolClient: UserPoolClient.fromUserPoolClientId(imported, 'Client', attributes.clientId),
      userPoolDomain: UserPoolDomain.fromDomainName(imported, 'Domain', attributes.domain),
    };
  }

  /** Who may sign in. */
  public readonly userPool: IUserPool;

  /** What the load balancer is to the pool. */
  public readonly userPoolClient: IUserPoolClient;

  /** Where the sign-in page is. */
  public readonly userPoolDomain: IUserPoolDomain;

  constructor(scope: Construct, id: string, props: SignInPoolProps) {
    super(scope, id);
    validate(this, props.domainPrefix);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const userPool = this.pool(removalPolicy);
    const address = `https://${props.hostName}`;
    this.userPoolClient = userPool.addClient('Client', {
      generateSecret: true,
      preventUserExistenceErrors: true,
      // The load balancer redeems codes. Nobody signs in with the API.
      authFlows: {},
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL],
        callbackUrls: [`${address}/oauth2/idpresponse`],
        logoutUrls: [`${address}/`],
      },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
    });
    this.userPoolDomain = userPool.addDomain('Domain', { cognitoDomain: { domainPrefix: props.domainPrefix } });
    this.userPool = userPool;
  }

  private pool(removalPolicy: RemovalPolicy): UserPool {
    const pool = new UserPool(this, 'Resource', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    });
    acknowledge(
      pool,
      [Pack.AWS_SOLUTIONS],
      'COG8',
      'Threat protection costs $0.02 for each person and month; everybody here is invited and has a second factor',
    );
    return pool;
  }
}

function validate(scope: Construct, prefix: string): void {
  if (isKnown(prefix) && (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(prefix) || /aws|amazon|cognito/.test(prefix))) {
    const wanted = 'expected up to 63 small letters, digits and dashes, without aws, amazon and cognito';
    fail(scope, `domainPrefix is ${JSON.stringify(prefix)}, ${wanted}`);
  }
}
