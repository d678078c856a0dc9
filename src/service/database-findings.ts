import type { CfnDBInstance, DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { acknowledge, acknowledgeCheckov, Pack } from '../private/acknowledge';

/** What is accepted of the database of findings. */
export function acknowledgeDatabase(cluster: DatabaseCluster, isDeletedWithStack: boolean): void {
  if (isDeletedWithStack) acknowledgeDeletion(cluster);
  const monitoring =
    'Performance Insights shows what the database waits for; a serverless one has no operating system to look after';
  const backups =
    'Aurora itself keeps backups of the cluster, with every moment in between, encrypted with the same key';
  for (const instance of cluster.node.children.filter(({ node }) => ['Writer', 'Reader'].includes(node.id))) {
    acknowledge(instance, [Pack.HIPAA, Pack.NIST], 'RDSEnhancedMonitoringEnabled', monitoring);
    acknowledgeCheckov(instance.node.defaultChild as CfnDBInstance, ['CKV_AWS_118'], monitoring);
    acknowledge(instance, [Pack.HIPAA, Pack.NIST], 'RDSInBackupPlan', backups);
  }
}

function acknowledgeDeletion(cluster: DatabaseCluster): void {
  const wanted =
    'Whoever made it asked for a database that goes with its stack; protected, it would stop the stack from being destroyed';
  acknowledge(cluster, [Pack.AWS_SOLUTIONS], 'RDS10', wanted);
  acknowledge(cluster, [Pack.HIPAA, Pack.NIST], 'RDSInstanceDeletionProtectionEnabled', wanted);
}
