"""Every resource type of the product's templates, CDK's bootstrap stack included, and what to know of ministack's own.

A template with a type that is not listed here fails a test: the table in the documentation would not show it.
"""

from __future__ import annotations

#: Types that this package does not touch, with what a reader should know of them; nothing where there is nothing.
NOTES = {
    "AWS::Backup::BackupPlan": "Kept; nothing begins at its hour.",
    "AWS::CloudFormation::WaitConditionHandle": "Its URL takes signals.",
    "AWS::CloudWatch::Dashboard": "Its body reads back; nothing draws it.",
    "AWS::CodeBuild::Project": "Read back; nothing is built.",
    "AWS::Cognito::UserPool": "Its users sign in at its page, by password and, where the pool wants one, a code of an authenticator app. No mail is sent.",
    "AWS::Cognito::UserPoolClient": "What the load balancer signs people in as.",
    "AWS::Cognito::UserPoolDomain": "Its page is there where instances are machines.",
    "AWS::EC2::InternetGateway": "",
    "AWS::EC2::LaunchTemplate": "Each change is a new version, as on AWS.",
    "AWS::EC2::RouteTable": "",
    "AWS::EC2::SecurityGroup": "Nothing filters traffic.",
    "AWS::EC2::Subnet": "",
    "AWS::EC2::SubnetRouteTableAssociation": "",
    "AWS::EC2::VPCEndpoint": "Read back; no traffic.",
    "AWS::EC2::VPCGatewayAttachment": "",
    "AWS::ECR::Repository": "",
    "AWS::EFS::AccessPoint": "Its folder is made when it is first mounted; files have the owner that wrote them, not its user.",
    "AWS::EFS::FileSystem": "Machines mount one folder together, without NFS; its policy is enforced when the account is started so.",
    "AWS::EFS::MountTarget": "A machine mounts through the one in its own zone, where both security groups let it.",
    "AWS::Events::Rule": "Matches events and calls its targets; EC2 and Auto Scaling send none by themselves.",
    "AWS::IAM::ManagedPolicy": "Enforced when the account is started so.",
    "AWS::IAM::Policy": "Enforced when the account is started so.",
    "AWS::IAM::Role": "Enforced when the account is started so.",
    "AWS::KMS::Alias": "",
    "AWS::KMS::Key": "Policy and rotation read back; no real cryptography.",
    "AWS::Lambda::Function": "Runs as a process on this machine's own Node or Python, whatever its runtime says.",
    "AWS::Lambda::Permission": "Read back; a rotation schedule asks for it.",
    "AWS::S3::BucketPolicy": "Enforced when the account is started so; a demand for TLS is always met.",
    "AWS::SNS::Subscription": "Queues, functions and HTTP endpoints get messages; an e-mail address is kept, and sent nothing.",
    "AWS::SNS::TopicPolicy": "Kept; alarms publish whatever it says.",
    "AWS::SSM::Parameter": "",
    "AWS::Scheduler::ScheduleGroup": "",
    "AWS::StepFunctions::StateMachine": "Runs.",
    "Custom::ConfigRole": "CDK's own provider runs.",
    "Custom::EbsEncryptionByDefault": "CDK's own provider runs.",
    "Custom::FirstImage": "CDK's own provider runs.",
    "Custom::ImageBuild": "CDK's own provider runs.",
    "Custom::VpcRestrictDefaultSG": "CDK's own provider runs.",
}
