#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/readers.hpp"
#include "rest/task_query.hpp"
#include "rest/views.hpp"

namespace kwq::rest {

void list_tags(context& c, const call& q, reply to) {
    parameter_reader p(q);
    auto query = read_name_page(p);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.tags(std::move(query), std::move(after),
                            c.loop.then<model::result<tracker::group_page>>(
                                [&c, to](const model::result<tracker::group_page>& page) {
                                    if (!page) {
                                        to.fail(page.error());
                                        return;
                                    }
                                    to.json(200, render_group_page("tag", *page, c.now()));
                                }));
}

void get_tag(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const model::tag_name tag{p.path_label(0, "tag")};
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.tag(tag, std::move(after),
                           c.loop.then<model::result<tracker::group_view>>(
                               [&c, to](const model::result<tracker::group_view>& found) {
                                   if (!found) {
                                       to.fail(found.error());
                                       return;
                                   }
                                   std::string body;
                                   codec::json_writer w(body);
                                   w.begin_object();
                                   write_group_fields(w, "tag", *found, c.now());
                                   w.end_object();
                                   to.json(200, std::move(body));
                               }));
}

}  // namespace kwq::rest
