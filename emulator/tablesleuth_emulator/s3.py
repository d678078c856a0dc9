"""Buckets: what ministack's provisioner leaves out of them, and a deletion that refuses to lose objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import s3 as service
from ministack.services.cloudformation import provisioners

from .calls import ServiceRefused, checked
from .launching import is_true
from .registry import Created, Properties, Registry, arn

BUCKET = "AWS::S3::Bucket"
_SSE = "x-amz-server-side-encryption"
_SSE_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_REGION = "x-amz-bucket-region"


def register(registry: Registry) -> None:
    native = provisioners._RESOURCE_HANDLERS[BUCKET]

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created = native["create"](logical_id, properties, stack_name)
        _configure(created[0], {}, properties)
        return created

    def update(name: str, old: Properties, new: Properties, stack_name: str, _logical_id: str) -> Created:
        updated = native["update"](name, old, new, stack_name)
        _configure(name, old, new)
        return updated

    def delete(name: str, properties: Properties) -> None:
        if (service._buckets.get(name) or {}).get("objects") or service._bucket_has_versions(name):
            raise ServiceRefused("The bucket you tried to delete is not empty (BucketNotEmpty)")
        native["delete"](name, properties)

    note = "With encryption, life cycle, logging, ownership and tags read back; a bucket with objects is not deleted."
    registry.service(BUCKET, note, create=create, delete=delete, update=update)


def install() -> None:
    _let_writes_ask_for_kms()
    _name_the_region_in_refusals()


def _name_the_region_in_refusals() -> None:
    """S3 tells also whom it refuses where a bucket is: clients ask without credentials, to know the region to sign for."""
    native = service._error

    def error(code: str, message: str, status: int, resource: str = "", **rest: Any) -> Any:
        status, headers, body = native(code, message, status, resource, **rest)
        region = service.bucket_region(resource.split("/")[1]) if code == "AccessDenied" and "/" in resource else None
        return status, {**headers, **({_REGION: region} if region else {})}, body

    service._error = error


def _let_writes_ask_for_kms() -> None:
    """Let a write ask for KMS without naming a key: S3 then takes the bucket's own, or AWS's."""
    native = service._resolve_sse_write_headers

    def resolve(headers: dict[str, str], bucket: str) -> Any:
        if headers.get(_SSE) == "aws:kms" and not headers.get(_SSE_KEY):
            default = service._bucket_default_sse_headers(bucket).get(_SSE_KEY)
            headers = {**headers, _SSE_KEY: default or arn("kms", "alias/aws/s3")}
        return native(headers, bucket)

    service._resolve_sse_write_headers = resolve


def _configure(name: str, old: Properties, new: Properties) -> None:
    for member, write, store, remove in _CONFIGURATIONS:
        if member in new:
            checked(store(name, write(new[member]).encode()))
        elif member in old:
            remove(name)


def _encryption(wanted: Properties) -> str:
    rules = "".join(
        f"<Rule><ApplyServerSideEncryptionByDefault>"
        f"{_element('SSEAlgorithm', rule['ServerSideEncryptionByDefault']['SSEAlgorithm'])}"
        f"{_element('KMSMasterKeyID', rule['ServerSideEncryptionByDefault'].get('KMSMasterKeyID'))}"
        f"</ApplyServerSideEncryptionByDefault>"
        f"{_element('BucketKeyEnabled', is_true(rule.get('BucketKeyEnabled', False)))}</Rule>"
        for rule in wanted["ServerSideEncryptionConfiguration"]
    )
    return _document("ServerSideEncryptionConfiguration", rules)


def _life_cycle(wanted: Properties) -> str:
    return _document("LifecycleConfiguration", "".join(_life_cycle_rule(rule) for rule in wanted["Rules"]))


def _life_cycle_rule(rule: Properties) -> str:
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    days = noncurrent.get("NoncurrentDays") or rule.get("NoncurrentVersionExpirationInDays")
    abort = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    transitions = "".join(
        f"<Transition>{_element('Days', one.get('TransitionInDays'))}{_element('StorageClass', one['StorageClass'])}"
        f"</Transition>"
        for one in rule.get("Transitions") or []
    )
    return (
        f"<Rule>{_element('ID', rule.get('Id'))}{_element('Status', rule['Status'])}"
        f"<Filter><Prefix>{escape(rule.get('Prefix') or '')}</Prefix></Filter>{transitions}"
        + _wrapped("Expiration", _element("Days", rule.get("ExpirationInDays")))
        + _wrapped("NoncurrentVersionExpiration", _element("NoncurrentDays", days))
        + _wrapped("AbortIncompleteMultipartUpload", _element("DaysAfterInitiation", abort))
        + "</Rule>"
    )


def _logging(wanted: Properties) -> str:
    target = _element("TargetBucket", wanted.get("DestinationBucketName"))
    prefix = f"<TargetPrefix>{escape(wanted.get('LogFilePrefix') or '')}</TargetPrefix>"
    return _document("BucketLoggingStatus", _wrapped("LoggingEnabled", target + prefix))


def _no_logging(name: str) -> None:
    service._bucket_logging_config.pop(name, None)


def _ownership(wanted: Properties) -> str:
    rules = "".join(f"<Rule>{_element('ObjectOwnership', rule['ObjectOwnership'])}</Rule>" for rule in wanted["Rules"])
    return _document("OwnershipControls", rules)


def _tags(wanted: list[Properties]) -> str:
    tags = "".join(f"<Tag>{_element('Key', tag['Key'])}{_element('Value', tag.get('Value'))}</Tag>" for tag in wanted)
    return _document("Tagging", f"<TagSet>{tags}</TagSet>")


Store = Callable[[str, bytes], Any]
Remove = Callable[[str], Any]
_CONFIGURATIONS: tuple[tuple[str, Callable[[Any], str], Store, Remove], ...] = (
    ("BucketEncryption", _encryption, service._put_bucket_encryption, service._delete_bucket_encryption),
    ("LifecycleConfiguration", _life_cycle, service._put_bucket_lifecycle, service._delete_bucket_lifecycle),
    ("LoggingConfiguration", _logging, service._put_bucket_logging, _no_logging),
    (
        "OwnershipControls",
        _ownership,
        service._put_bucket_ownership_controls,
        service._delete_bucket_ownership_controls,
    ),
    ("Tags", _tags, service._put_bucket_tagging, service._delete_bucket_tagging),
)


def _document(name: str, content: str) -> str:
    return f'<{name} xmlns="{service.S3_NS}">{content}</{name}>'


def _wrapped(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>" if content else ""


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    return f"<{name}>{escape(str(value).lower() if isinstance(value, bool) else str(value))}</{name}>"
