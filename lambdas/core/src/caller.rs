use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Who made a request, as far as the network tells: what requests are counted by.
///
/// A household or a server has one IPv4 address but a whole /64 of IPv6, so of an IPv6 address only
/// the first 64 bits count. Whoever cannot be told apart is one caller together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(Option<IpAddr>);

impl Caller {
    /// Reads `CloudFront-Viewer-Address`: address and port with a colon between them, IPv6 without
    /// brackets (`198.51.100.10:46532`, `2001:db8::1:46532`). Anything else is nobody in particular.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>
    pub fn from_viewer_address(header: Option<&str>) -> Self {
        Self(header.and_then(address))
    }
}

fn address(header: &str) -> Option<IpAddr> {
    let (address, port) = header.trim().rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    let address = address.strip_prefix('[').unwrap_or(address);
    let address = address.strip_suffix(']').unwrap_or(address);
    Some(match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    })
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(header: &str) -> String {
        Caller::from_viewer_address(Some(header)).to_string()
    }

    #[test]
    fn an_ipv4_caller_is_the_address_without_the_port() {
        assert_eq!(read("198.51.100.10:46532"), "198.51.100.10");
        assert_eq!(read("::ffff:198.51.100.10:46532"), "198.51.100.10");
    }

    #[test]
    fn an_ipv6_caller_is_the_network_of_64_bits() {
        assert_eq!(read("2001:db8:1:2:3:4:5:6:443"), "2001:db8:1:2::");
        assert_eq!(read("[2001:db8:1:2::9]:443"), "2001:db8:1:2::");
    }

    #[test]
    fn whoever_cannot_be_told_apart_is_one_caller() {
        assert_eq!(Caller::from_viewer_address(None).to_string(), "unknown");
        for header in [
            "",
            ":",
            "198.51.100.10",
            "198.51.100.10:x",
            "198.51.100.10:70000",
            // Two headers of the name arrive as one.
            "198.51.100.10:1,203.0.113.9:2",
            "localhost:1",
            "1.2.3:4",
            "0x7f.1:80",
        ] {
            assert_eq!(read(header), "unknown", "{header}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_read_back(bits in any::<u32>(), port in any::<u16>()) {
            let address = std::net::Ipv4Addr::from_bits(bits);
            prop_assert_eq!(read(&format!("{address}:{port}")), address.to_string());
        }

        #[test]
        fn no_header_crashes_it(header in "\\PC{0,60}") {
            read(&header);
        }
    }
}
