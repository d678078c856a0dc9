"""Puts everything of this package into ministack."""

from __future__ import annotations

from . import (
    alarms,
    backup,
    batch,
    batch_jobs,
    capacity,
    cloudwatch,
    config,
    databases,
    ebs_encryption,
    ecr,
    file_systems,
    fleets,
    group_health,
    groups,
    image_builder,
    images,
    instance_profiles,
    instances,
    invitations,
    life_cycle,
    lifecycle_hooks,
    loadbalancing,
    logs,
    machines,
    naming,
    network,
    permissions,
    records,
    rotation,
    s3,
    scaling_policies,
    scheduled_actions,
    scheduler,
    second_factor,
    secretsmanager,
    service_roles,
    service_scaling,
    signals,
    snapshots,
    sns,
    ssm,
    tasks,
    volume_actions,
    volumes,
)
from .registry import Registry

_TYPES = (
    network, instance_profiles, instances, groups, scaling_policies, scheduled_actions, fleets, volumes, loadbalancing, signals, s3, secretsmanager, rotation, logs, ssm,
    cloudwatch, sns, config, backup, batch, scheduler, image_builder, databases,
    service_scaling, records,
)  # fmt: skip
_CORRECTIONS = (
    naming, images, alarms, life_cycle, machines, instances, capacity, groups, group_health, scheduled_actions, fleets,
    loadbalancing, lifecycle_hooks, scaling_policies, volume_actions, snapshots, volumes, signals, s3, secretsmanager,
    rotation, ssm, service_roles, scheduler, batch_jobs, ecr, config, ebs_encryption, backup, file_systems, image_builder,
    invitations, second_factor, databases, tasks, service_scaling, cloudwatch, permissions,
)  # fmt: skip


def build() -> Registry:
    """The registry of all modules, not yet known to ministack."""
    registry = Registry()
    for module in _TYPES:
        module.register(registry)
    return registry


def install() -> Registry:
    """Extend the ministack of this process. To be called once, before it serves."""
    registry = build()
    registry.install()
    for module in _CORRECTIONS:
        module.install()
    return registry
