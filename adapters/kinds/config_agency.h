/* config_agency.h - one agency of adapter.yaml. Inside of config.h. */
#ifndef ADAPTERS_KINDS_CONFIG_AGENCY_H
#define ADAPTERS_KINDS_CONFIG_AGENCY_H

#include "adapters/kinds/config.h"

struct config_reader {
    struct adapter_config *config;
    const struct rulebook *book;
    struct faults *faults;
    char folder[CONFIG_PATH_SIZE];          /* of the configuration: relative names start here */
};

/* `name` behind the folder, unless it is absolute. False with a fault at `node` when it is too long. */
bool config_path(const struct config_reader *reader, const struct yaml_node *node, const char *name,
                 char ret_path[CONFIG_PATH_SIZE]);
/* The file named under `key`, checked to be there and, when it is a secret, to be its owner's alone. */
void config_file(const struct config_reader *reader, const struct yaml_node *node, const char *key, bool required,
                 bool secret, char ret_path[CONFIG_PATH_SIZE]);
void agency_read(struct config_reader *reader, const struct yaml_node *node, struct agency_config *agency);

#endif
