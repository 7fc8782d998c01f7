//! Lists in CloudFormation's answers, which are XML: what stands in them, and a page of them.

use std::ops::Range;

const OPEN: &str = "<member>";
const CLOSE: &str = "</member>";

/// The list that an action answers with pages of.
pub fn list_of(action: &str) -> Option<&'static str> {
    Some(match action {
        "DescribeStackEvents" => "StackEvents",
        "DescribeStacks" => "Stacks",
        "DescribeChangeSet" => "Changes",
        "ListChangeSets" => "Summaries",
        "ListStackResources" => "StackResourceSummaries",
        _ => return None,
    })
}

/// The members of a list as they stand, each with its tags. A member may have lists of its own in it.
pub fn members(xml: &str, list: &str) -> Vec<String> {
    let Some(at) = place(xml, list) else {
        return Vec::new();
    };
    let mut rest = &xml[at];
    let mut members = Vec::new();
    while let Some(begin) = rest.find(OPEN) {
        let mut end = begin;
        loop {
            end += rest[end..].find(CLOSE).unwrap() + CLOSE.len();
            let whole = &rest[begin..end];
            if whole.matches(OPEN).count() == whole.matches(CLOSE).count() {
                break;
            }
        }
        members.push(rest[begin..end].to_owned());
        rest = &rest[end..];
    }
    members
}

/// The same answer with other members.
pub fn with_members(xml: &str, list: &str, members: &[String]) -> String {
    match place(xml, list) {
        Some(at) => format!("{}{}{}", &xml[..at.start], members.concat(), &xml[at.end..]),
        None => xml.replace(
            &format!("<{list}/>"),
            &format!("<{list}>{}</{list}>", members.concat()),
        ),
    }
}

/// The page of `size` members that a token leads to, with the token of the next.
pub fn page(xml: &str, list: &str, size: usize, token: Option<&str>) -> String {
    let all = members(xml, list);
    let from = token.map_or(0, |token| {
        token.trim_start_matches("page-").parse().unwrap()
    });
    let to = all.len().min(from + size);
    let page = with_members(xml, list, &all[from..to]);
    if to == all.len() {
        return page;
    }
    let end = format!("</{list}>");
    page.replacen(&end, &format!("{end}<NextToken>page-{to}</NextToken>"), 1)
}

/// Where a list's members stand.
fn place(xml: &str, list: &str) -> Option<Range<usize>> {
    let open = format!("<{list}>");
    let start = xml.find(&open)? + open.len();
    let end = start + xml[start..].rfind(&format!("</{list}>"))?;
    Some(start..end)
}

#[test]
fn a_list_is_cut_into_pages_whatever_is_in_its_members() {
    let one = "<member><K>1</K><Tags><member>a</member><member>b</member></Tags></member>";
    let two = "<member><K>2</K></member>";
    let xml = format!("<R><Stacks>{one}{two}</Stacks><Id>x</Id></R>");
    assert_eq!(members(&xml, "Stacks"), [one, two]);
    let first = page(&xml, "Stacks", 1, None);
    let expected = format!("<R><Stacks>{one}</Stacks><NextToken>page-1</NextToken><Id>x</Id></R>");
    assert_eq!(first, expected);
    let last = page(&xml, "Stacks", 1, Some("page-1"));
    assert_eq!(last, format!("<R><Stacks>{two}</Stacks><Id>x</Id></R>"));
    assert_eq!(
        with_members("<Stacks/>", "Stacks", &[two.to_owned()]),
        format!("<Stacks>{two}</Stacks>")
    );
}
