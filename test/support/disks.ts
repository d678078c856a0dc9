import { resourcesOf, type TemplateDocument } from './template';

interface Mapping {
  readonly DeviceName: string;
  readonly Ebs?: { readonly Encrypted?: unknown };
}

/** The disks of a template that are not encrypted, or that may not be, as `logical id: device`. */
export function openDisks(template: TemplateDocument): string[] {
  return resourcesOf(template).flatMap(({ id, Type, Properties = {} }) => {
    switch (Type) {
      case 'AWS::EC2::Volume':
        return Properties.Encrypted === true ? [] : [id];
      case 'AWS::EC2::Instance':
        return Properties.LaunchTemplate === undefined ? openMappings(id, Properties.BlockDeviceMappings) : [];
      case 'AWS::EC2::LaunchTemplate':
        return openMappings(
          id,
          (Properties.LaunchTemplateData as { BlockDeviceMappings?: unknown }).BlockDeviceMappings,
        );
      default:
        return [];
    }
  });
}

function openMappings(id: string, mappings: unknown): string[] {
  if (mappings === undefined) {
    return [`${id}: the image's own disk`];
  }
  return (mappings as Mapping[])
    .filter(({ Ebs }) => Ebs !== undefined && Ebs.Encrypted !== true)
    .map(({ DeviceName }) => `${id}: ${DeviceName}`);
}
