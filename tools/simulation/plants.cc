#include "plants.h"

namespace oxibase::sim {
namespace {

constexpr Plant kPlants[] = {
    {"log_name_not_synced", "a new file of the log gets its name without a sync of the folder"},
    {"segment_names_not_synced", "segments are published before their folder is synced"},
    {"manifest_not_synced", "the manifest gets its name before its bytes are synced"},
    {"manifest_name_not_synced", "the manifest's folder is not synced, and older files go"},
    {"log_header_not_synced", "a new file of the log gets its name before its header is synced"},
    {"previous_log_file_not_synced", "the log goes on in a new file, the one before not synced"},
    {"log_removed_before_manifest", "old log goes before the manifest that makes it needless"},
    {"log_position_read_too_late", "a checkpoint's log position is later than its snapshot"},
    {"checkpoint_ahead_of_log", "a checkpoint does not wait for the log that it covers"},
    {"log_checksum_ignored", "a torn record at the log's end counts"},
    {"failed_sync_tried_again", "a sync that failed is tried again, and believed"},
    {"acknowledged_before_durable", "a commit is acknowledged at once"},
    {"visible_before_durable", "others see a commit that is not durable"},
    {"marked_before_stamped", "a commit is visible before all of its rows are"},
    {"commit_order_swapped", "commits take their time before their place in the log"},
    {"savepoint_stays_in_log", "what was undone to a savepoint stays in the log"},
    {"later_change_overlooked", "a row that changed after the snapshot is changed nevertheless"},
    {"version_freed_too_early", "a version goes although an old snapshot sees it"},
    {"index_entry_removed_too_early", "an index entry goes although a version has the key"},
    {"index_hit_not_checked", "a hit in an index run counts whatever key the row has"},
    {"delete_mark_lost_in_merge", "a merge forgets which rows of older segments are gone"},
    {"replaced_segment_dropped", "a merged segment goes although an old snapshot needs it"},
    {"tombstone_evicted_too_early", "a tombstone leaves memory although a snapshot is older"},
    {"changed_row_evicted", "a row leaves memory although it changed meanwhile"},
    {"superseded_bit_not_set", "a row is changed, its bit in the segment is not set"},
    {"merge_sets_no_bits", "rows of newer segments do not supersede those of older ones"},
    {"hot_image_lost", "a checkpoint leaves out rows that older segments have"},
    {"unique_check_ignores_segments", "keys are unique among rows in memory only"},
    {"unique_check_misses_new_segments", "a row goes to a segment while its key is looked for"},
};

}  // namespace

std::span<const Plant> AllPlants() { return kPlants; }

}  // namespace oxibase::sim
