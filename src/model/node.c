/* Names in file systems. */
#include "model.h"

#include <string.h>

uint32_t nst_node_find(const struct nst_model *model, uint32_t parent, const char *name, size_t len)
{
    for (uint32_t node = model->node.at[parent].child; node; node = model->node.at[node].next) {
        const char *own = model->text.at + model->node.at[node].name;

        if (!strncmp(own, name, len) && !own[len])
            return node;
    }
    return 0;
}

static void link_below(struct nst_model *model, uint32_t node, uint32_t parent)
{
    model->node.at[node].parent = parent;
    model->node.at[node].next = model->node.at[parent].child;
    model->node.at[parent].child = node;
}

static void unlink_from_parent(struct nst_model *model, uint32_t node)
{
    uint32_t *at = &model->node.at[model->node.at[node].parent].child;

    while (*at && *at != node)
        at = &model->node.at[*at].next;
    if (*at)
        *at = model->node.at[node].next;
    model->node.at[node].next = 0;
}

uint32_t nst_node_add(struct nst_model *model, uint32_t parent, const char *name, size_t len,
                      enum node_kind kind)
{
    uint32_t node = nst_model_new_node(model), text = nst_model_text(model, name, len);

    model->node.at[node].fs = model->node.at[parent].fs;
    model->node.at[node].name = text;
    model->node.at[node].kind = (uint8_t)kind;
    link_below(model, node, parent);
    return node;
}

void nst_node_remove(struct nst_model *model, uint32_t node)
{
    unlink_from_parent(model, node);
    model->node.at[node].gone = true;
}

void nst_node_move(struct nst_model *model, uint32_t node, uint32_t parent, uint32_t name)
{
    unlink_from_parent(model, node);
    model->node.at[node].name = name;
    link_below(model, node, parent);
}

bool nst_node_below(const struct nst_model *model, uint32_t node, uint32_t top)
{
    while (node != top && node != model->node.at[node].parent)
        node = model->node.at[node].parent;
    return node == top;
}

bool nst_node_is_mount_ns(const struct nst_model *model, uint32_t node)
{
    return model->node.at[node].kind == NODE_NAMESPACE && model->node.at[node].type == NS_MOUNT;
}

uint32_t nst_node_of_ns(struct nst_model *model, enum ns_type type, uint32_t which)
{
    uint32_t root = model->fs.at[model->ns_files].root, node;

    for (node = model->node.at[root].child; node; node = model->node.at[node].next)
        if (model->node.at[node].type == type && model->node.at[node].target == which &&
            type != NS_OTHER)
            return node;
    node = nst_node_add(model, root, "", 0, NODE_NAMESPACE);
    model->node.at[node].type = (uint8_t)type;
    model->node.at[node].target = which;
    return node;
}
